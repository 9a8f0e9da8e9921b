// How many seconds are left until it is worth trying again, after an answer that said so.
import { useCallback, useEffect, useState } from "react";
import { ApiError } from "../../api/client";

export function usePause(): [seconds: number, hold: (error: unknown) => void] {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (seconds <= 0) return;
    const tick = setTimeout(() => setSeconds(seconds - 1), 1_000);
    return () => clearTimeout(tick);
  }, [seconds]);
  const hold = useCallback((error: unknown) => {
    if (error instanceof ApiError && error.status === 429) setSeconds(error.retryAfter ?? 1);
  }, []);
  return [seconds, hold];
}
