/** Values, members and characters that the schemas of one request may ask for together. */
const MOST = 20_000;

/** What is left to make by the schemas of a request: clients write them, and a short one can ask for without end. */
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
