import { type Log, LruMap, NotFoundError, newId } from "../../core/index.ts";
import { ALL_LOST, Container, type ContainerOptions } from "./container.ts";
import type { Limits } from "./options.ts";
import { RuntimeError, type Session } from "./runtime.ts";
import type { Spares } from "./spares.ts";

/** Ids of containers that are gone: it is said of so many that they once were. */
const REMEMBERED = 1_000;
const EXPIRED = "The container has expired.";
const DELETED = "The container was deleted.";

interface ContainersOptions {
  limits: Pick<Limits, "sessions" | "containers" | "idleMs">;
  spares: Spares;
  /** Whether an execution runs there, rather than waits. */
  isRunning: (container: Container) => boolean;
  log: Log;
}

/** The containers of one gateway, by id. They are only in memory: a restarted gateway has none. */
export class Containers {
  readonly #options: ContainersOptions;
  readonly #byId = new Map<string, Container>();
  readonly #gone = new LruMap<typeof EXPIRED | typeof DELETED>({ maxEntries: REMEMBERED });
  readonly #endings = new Set<Promise<void>>();
  /** The number of sessions that are being opened. */
  #opening = 0;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: ContainersOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  list(): readonly Container[] {
    this.#sweep();
    return [...this.#byId.values()];
  }

  get(id: string): Container | undefined {
    this.#sweep();
    return this.#byId.get(id);
  }

  /** @throws NotFoundError that tells an expired container from one that never was */
  find(id: string, param = "container_id"): Container {
    const container = this.get(id);
    if (container) return container;
    const shown = id.slice(0, 100);
    if (this.#gone.get(id) === EXPIRED)
      throw new NotFoundError(`Container "${shown}" has expired.`, { param, code: "container_expired" });
    throw new NotFoundError(`Container "${shown}" not found.`, { param, code: "container_not_found" });
  }

  /**
   * The container that was chosen for a call. Creates it if it is missing.
   * @throws RuntimeError when it was deleted meanwhile, or there are too many and all are in use
   */
  provide(id: string, loss: string | undefined): Container {
    const known = this.get(id);
    if (known) return known;
    const gone = this.#gone.get(id);
    if (gone === DELETED) throw new RuntimeError("unavailable", gone);
    return this.create({ id, name: "auto", loss: gone ? `${ALL_LOST} ${gone}` : loss });
  }

  /** @throws RuntimeError `busy` when there are too many and all are in use */
  create({
    id = newId("cntr"),
    name,
    idleMs,
    loss,
  }: Partial<ContainerOptions> & { name: string }): Container {
    const { limits } = this.#options;
    this.#sweep();
    if (this.#byId.size >= limits.containers && !this.#expire(this.#unused()[0]))
      throw new RuntimeError("busy", `All ${limits.containers} containers are in use: try again later.`);
    const container = new Container({
      id,
      name,
      idleMs: Math.min(idleMs ?? limits.idleMs, limits.idleMs),
      loss,
    });
    this.#byId.set(id, container);
    this.#gone.delete(id);
    this.#sweeping ??= setInterval(() => this.#sweep(), Math.min(limits.idleMs, 30_000)).unref();
    return container;
  }

  /** Deletes it; an execution that runs there ends. @throws NotFoundError */
  async delete(id: string): Promise<void> {
    const container = this.find(id);
    this.#remove(container, DELETED);
    await container.end(DELETED);
  }

  /** A container's session; opens one if it has none. @throws RuntimeError, the signal's reason */
  async session(container: Container, signal: AbortSignal): Promise<Session> {
    container.ending.throwIfAborted();
    if (container.session?.alive) return container.session;
    container.session = undefined;
    this.#makeRoom();
    this.#opening += 1;
    try {
      const session = await this.#options.spares.take(AbortSignal.any([signal, container.ending]));
      if (container.ending.aborted) {
        await session.close();
        throw container.ending.reason;
      }
      container.session = session;
      session.onEnd((reason) => {
        if (container.session === session)
          this.#options.log.info({ container: container.id, reason }, "a session ended");
        this.#end(container.lose(session, reason));
      });
      return session;
    } finally {
      this.#opening -= 1;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    const all = [...this.#byId.values()];
    this.#byId.clear();
    await Promise.all(all.map((container) => container.end("The gateway stops.")));
    await Promise.all(this.#endings);
  }

  /** Ends the session of the container that was idle longest. The container expires unless a call waits for it. */
  #makeRoom(): void {
    const open = [...this.#byId.values()].filter(({ session }) => session);
    if (open.length + this.#opening < this.#options.limits.sessions) return;
    const unused = this.#unused().find(({ session }) => session);
    if (unused) return void this.#expire(unused);
    const waiting = open.find((container) => !this.#options.isRunning(container));
    if (waiting?.session) this.#end(waiting.lose(waiting.session, "Its process was needed elsewhere."));
  }

  /** The unused containers, the one that was idle longest first. */
  #unused(): Container[] {
    return [...this.#byId.values()].filter(({ inUse }) => !inUse).sort((a, b) => b.unusedMs - a.unusedMs);
  }

  #sweep(): void {
    for (const container of this.#byId.values())
      if (container.unusedMs >= container.idleMs && !container.inUse) this.#expire(container);
  }

  /** Whether there was one. */
  #expire(container: Container | undefined): boolean {
    if (!container) return false;
    this.#remove(container, EXPIRED);
    this.#end(container.end(EXPIRED));
    return true;
  }

  #remove({ id }: Container, why: typeof EXPIRED | typeof DELETED): void {
    this.#byId.delete(id);
    this.#gone.set(id, why);
  }

  /** Ends a session in the background. Only `close` waits for it. */
  #end(ended: Promise<void>): void {
    const ending = ended
      .catch((error: unknown) => this.#options.log.warn({ err: error }, "a session could not be ended"))
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }
}
