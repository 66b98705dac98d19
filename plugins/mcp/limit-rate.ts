/** Notes within a minute that are handed on. */
const MOST = 100;
const MINUTE_MS = 60_000;

/** Hands on what is noted until it becomes too much: a server may print without end. How much was left out is noted. */
export function limitRate(note: (text: string) => void): (text: string) => void {
  let since = -Infinity;
  let noted = 0;
  return (text) => {
    const now = performance.now();
    if (now - since >= MINUTE_MS) {
      if (noted > MOST) note(`${noted - MOST} more that were left out`);
      since = now;
      noted = 0;
    }
    noted++;
    if (noted <= MOST) note(text);
  };
}
