// Seconds that are left, counted down one by one.
import { useEffect, useState } from "react";

export function useCountdown(from = 0): [seconds: number, begin: (seconds: number) => void] {
  const [seconds, begin] = useState(from);
  useEffect(() => {
    if (seconds <= 0) return;
    const tick = setTimeout(() => begin(seconds - 1), 1_000);
    return () => clearTimeout(tick);
  }, [seconds]);
  return [seconds, begin];
}
