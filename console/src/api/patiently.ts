// Asking again where nobody could press anything: a browser on the machine itself loses its
// connections for a moment whenever a cabin's network comes or goes.
import { isAway } from "./client";

const PAUSE = 700;
const TRIES = 4;

/** What `call` answers; only a server that stays away is an error, and what it refuses. */
export async function patiently<T>(call: () => Promise<T>, tries = TRIES): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (tries <= 1 || !isAway(error)) throw error;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    return patiently(call, tries - 1);
  }
}
