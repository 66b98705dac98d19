import { type Log, NotFoundError, newId } from "../../core/index.ts";
import { Container, type ContainerOptions } from "./container.ts";
import type { Limits } from "./options.ts";
import { RuntimeError, type Session } from "./runtime.ts";
import type { Spares } from "./spares.ts";

/** Ids of containers that have expired: it is said of so many that they once were. */
const REMEMBERED = 1_000;

interface ContainersOptions {
  limits: Pick<Limits, "sessions" | "containers" | "idleMs">;
  spares: Spares;
  /** Whether an execution runs or waits there: such a container does not expire. */
  isBusy: (container: Container) => boolean;
  log: Log;
}

/** The containers of one gateway, by id. They live in its memory: a gateway that starts anew has none. */
export class Containers {
  readonly #options: ContainersOptions;
  readonly #byId = new Map<string, Container>();
  readonly #expired = new Set<string>();
  readonly #endings = new Set<Promise<void>>();
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
    if (this.#expired.has(id))
      throw new NotFoundError(`Container "${shown}" has expired.`, { param, code: "container_expired" });
    throw new NotFoundError(`Container "${shown}" not found.`, { param, code: "container_not_found" });
  }

  /** @throws RuntimeError `busy` when there are too many and all are in use */
  create({ id = newId("cntr"), name, idleMs }: Partial<ContainerOptions> & { name: string }): Container {
    const { limits } = this.#options;
    this.#sweep();
    if (this.#byId.size >= limits.containers && !this.#expire(this.#idle()[0]))
      throw new RuntimeError("busy", `All ${limits.containers} containers are in use: try again later.`);
    const container = new Container({ id, name, idleMs: Math.min(idleMs ?? limits.idleMs, limits.idleMs) });
    this.#byId.set(id, container);
    this.#sweeping ??= setInterval(() => this.#sweep(), Math.min(limits.idleMs, 30_000)).unref();
    return container;
  }

  /** Deletes it; an execution that runs there ends. @throws NotFoundError */
  async delete(id: string): Promise<void> {
    const container = this.find(id);
    this.#byId.delete(id);
    await container.end("The container was deleted.");
  }

  /** A container's session, a new one where it has none. @throws RuntimeError, the signal's reason */
  async session(container: Container, signal: AbortSignal): Promise<Session> {
    if (container.session?.alive) return container.session;
    container.session = undefined;
    this.#makeRoom();
    const session = await this.#options.spares.take(AbortSignal.any([signal, container.ending]));
    if (container.ending.aborted) {
      await session.close();
      throw new RuntimeError("unavailable", (container.ending.reason as Error).message);
    }
    container.session = session;
    session.onEnd((reason) => {
      if (container.session !== session) return;
      container.session = undefined;
      container.loss ??= reason;
      this.#options.log.info({ container: container.id, reason }, "a session ended");
    });
    return session;
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    const all = [...this.#byId.values()];
    this.#byId.clear();
    await Promise.all(all.map((container) => container.end("The gateway stops.")));
    await Promise.all(this.#endings);
  }

  /** The container whose session was idle longest gives it up. */
  #makeRoom(): void {
    const { sessions } = this.#options.limits;
    const open = [...this.#byId.values()].filter(({ session }) => session).length;
    if (open >= sessions) this.#expire(this.#idle().find(({ session }) => session));
  }

  /** Those that nobody uses now, the one that was idle longest first. */
  #idle(): Container[] {
    return [...this.#byId.values()]
      .filter((container) => !this.#options.isBusy(container))
      .sort((a, b) => a.lastActiveAt - b.lastActiveAt);
  }

  #sweep(): void {
    const now = Date.now();
    for (const container of this.#byId.values())
      if (container.expiresAt <= now && !this.#options.isBusy(container)) this.#expire(container);
  }

  /** Whether there was one. */
  #expire(container: Container | undefined): boolean {
    if (!container) return false;
    this.#byId.delete(container.id);
    this.#expired.add(container.id);
    for (const oldest of this.#expired) {
      if (this.#expired.size <= REMEMBERED) break;
      this.#expired.delete(oldest);
    }
    const ending = container
      .end("The container has expired.")
      .catch((error: unknown) => this.#options.log.warn({ err: error }, "a session could not be ended"))
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
    return true;
  }
}
