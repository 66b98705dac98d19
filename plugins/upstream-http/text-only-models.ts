/** Long enough for a conversation; a model that is loaded anew may take images. */
const KEPT_MS = 900_000;
const MOST = 100;

/** Models of one server that have said that they take no images, so that their next calls are not refused first. */
export class TextOnlyModels {
  /** When it is to be forgotten, milliseconds as `now` counts them; the oldest first. */
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  /** `now`: milliseconds since any moment. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  has(model: string): boolean {
    const until = this.#until.get(model);
    return until !== undefined && this.#now() < until;
  }

  add(model: string): void {
    this.#until.delete(model);
    this.#until.set(model, this.#now() + KEPT_MS);
    for (const oldest of this.#until.keys()) {
      if (this.#until.size <= MOST) break;
      this.#until.delete(oldest);
    }
  }
}
