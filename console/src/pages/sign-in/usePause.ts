// How many seconds are left until it is worth trying again, after an answer that said so.
import { useCallback } from "react";
import { ApiError } from "../../api/client";
import { useCountdown } from "../../ui";

export function usePause(): [seconds: number, hold: (error: unknown) => void] {
  const [seconds, begin] = useCountdown();
  const hold = useCallback(
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 429) begin(error.retryAfter ?? 1);
    },
    [begin],
  );
  return [seconds, hold];
}
