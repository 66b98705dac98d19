/** How many values, members and characters the schemas of one request may ask for together. */
const MOST = 20_000;

/** Counts down the limits for a request's schemas: clients write them, and a short one can ask for endless data. */
export class Room {
  #left = MOST;

  get left(): number {
    return this.#left;
  }

  get isFull(): boolean {
    return this.#left === 0;
  }

  take(size: number): void {
    this.#left = Math.max(0, this.#left - size);
  }
}
