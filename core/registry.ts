import type { Dependency } from "./dependency.ts";
import { PluginError } from "./errors.ts";
import { ownedBy, ownerOf } from "./owners.ts";
import { deepFreeze } from "./protocol/streamed.ts";
import type { Store } from "./store.ts";
import type { Presentation, Tool, ToolKind } from "./tool.ts";
import { checkKind, checkTool } from "./tool-check.ts";
import type { Candidate, Upstream } from "./upstream.ts";
import { type CheckedUpstreamLimits, checkUpstreamLimits, type UpstreamLimits } from "./upstream-limits.ts";

/** A tool of one's own. `offer` says who may use it. */
export interface OwnToolOptions {
  /**
   * "always" (the default): every request's model sees it, so that existing clients need no change.
   * "request": only that of requests with `tools: [{"type": "mcp", "server_label": "<the plugin's name>"}]`.
   */
  offer?: "always" | "request";
}

/** Where a plugin registers tools: `vr.tools`. */
export interface ToolRegistry {
  /** Adds a type of `tools[]` entries. @throws PluginError when the kind is wrong, or its type is taken */
  kind(kind: ToolKind): void;
  /**
   * Adds a tool that the gateway runs. It is shown as an `mcp_call` unless it has its own presentation.
   * @throws PluginError when the tool is wrong, or its name is taken
   */
  add(tool: Tool, options?: OwnToolOptions): void;
}

/** Where a plugin registers model servers, and asks where a model is: `vr.upstreams`. */
export interface UpstreamRegistry {
  /** During set-up. The first one that is added answers what no route names. Without `limits` the defaults hold. */
  add(upstream: Upstream, limits?: UpstreamLimits): void;
  /**
   * Who may answer requests for this model, in the order to try; `undefined` is a request that names none.
   * Their calls keep to the upstreams' limits. Empty when there is no upstream. After set-up only.
   */
  route(model: string | undefined): readonly Candidate[];
  /** `--upstream` takes the place of whatever is added. */
  readonly replaced: boolean;
}

/** A tool of a plugin's own, as it is listed. */
export interface OwnTool {
  readonly plugin: string;
  readonly name: string;
  readonly label: string;
  readonly offer: "always" | "request";
}

/** What plugins registered, in the order of the configuration. */
export class Registry {
  readonly upstreams: Upstream[] = [];
  readonly #limits = new Map<Upstream, CheckedUpstreamLimits>();
  readonly dependencies: Dependency[] = [];
  readonly kinds: ToolKind[] = [];
  /** Tools that every model sees. */
  readonly offered: Tool[] = [];
  /** Every tool of plugins' own, whoever may use it. */
  readonly ownTools: OwnTool[] = [];
  /** Plugins' own tools by label. */
  readonly #own = new Map<string, Tool[]>();
  /** Whether a plugin authenticates clients; no plugin can yet. */
  authenticates = false;
  #store: { store: Store; plugin: string } | undefined;

  get store(): Store | undefined {
    return this.#store?.store;
  }

  setStore(plugin: string, store: Store): void {
    if (this.#store)
      throw new PluginError(
        `plugin "${plugin}" sets a store, but "${this.#store.plugin}" has set one already`,
      );
    this.#store = { store, plugin };
  }

  /** @throws PluginError when the name is taken, ConfigError when a limit is wrong */
  addUpstream(plugin: string, upstream: Upstream, limits?: UpstreamLimits): void {
    if (this.upstreams.some((other) => other.name === upstream.name))
      throw new PluginError(
        `plugin "${plugin}" adds an upstream named "${upstream.name}", which exists already`,
      );
    this.#limits.set(upstream, checkUpstreamLimits(limits, `plugin "${plugin}"`));
    this.upstreams.push(ownedBy(plugin, upstream));
  }

  /** Of an upstream that was added. */
  limitsOf(upstream: Upstream): CheckedUpstreamLimits {
    return this.#limits.get(upstream) ?? checkUpstreamLimits(undefined, upstream.name);
  }

  /** @throws PluginError when the name is taken */
  addDependency(plugin: string, dependency: Dependency): void {
    const { name } = dependency;
    if (this.dependencies.some((other) => other.name === name))
      throw new PluginError(`plugin "${plugin}" adds a dependency named "${name}", which exists already`);
    this.dependencies.push(dependency);
  }

  /** The kinds that plugins added, with their plugins. */
  get ownedKinds(): { type: string; plugin: string }[] {
    return this.kinds.flatMap((kind) => {
      const plugin = ownerOf(kind);
      return plugin === undefined ? [] : [{ type: kind.type, plugin }];
    });
  }

  /** @throws PluginError when a kind has this type already, or owns the same items */
  addKind(plugin: string, kind: ToolKind): void {
    checkKind(plugin, kind);
    for (const other of this.kinds) {
      const owner = ownerOf(other);
      if (owner === undefined) continue;
      const item = kind.items?.find((type) => other.items?.includes(type));
      if (other.type !== kind.type && item === undefined) continue;
      const what =
        other.type === kind.type ? `the tool kind "${kind.type}"` : `a tool kind of "${item}" items`;
      throw new PluginError(
        `plugin "${plugin}" adds ${what}, which ${whose(owner, plugin)} has added already`,
      );
    }
    this.kinds.push(ownedBy(plugin, kind));
  }

  /** Tools that a kind resolved to, under its plugin's name unless they have labels of their own. */
  label(kind: ToolKind, tools: readonly Tool[]): Tool[] {
    const plugin = ownerOf(kind);
    return tools.map((tool) => (plugin === undefined ? tool : labelled(tool, plugin)));
  }

  /** @throws PluginError when the tool is wrong, or its name is taken */
  addTool(plugin: string, tool: Tool, options: OwnToolOptions = {}): void {
    checkTool(plugin, tool);
    const { offer = "always", ...others } = options;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined)
      throw new PluginError(
        `plugin "${plugin}" adds the tool "${tool.name}" with the option "${unknown}"; there is offer`,
      );
    if (offer !== "always" && offer !== "request")
      throw new PluginError(
        `plugin "${plugin}" adds the tool "${tool.name}": offer must be "always" or "request"`,
      );
    const own = labelled(tool, plugin);
    const label = own.label ?? plugin;
    this.#checkNames(plugin, own, label);
    if (offer === "always") this.offered.push(own);
    this.ownTools.push({ plugin, name: own.name, label, offer });
    const labelledSo = this.#own.get(label);
    if (labelledSo) labelledSo.push(own);
    else this.#addLabel(label, [own]);
  }

  /** Models call tools by name; clients see them by their name on the wire, under a label. */
  #checkNames(plugin: string, tool: Tool, label: string): void {
    const same = this.ownTools.find(({ name }) => name === tool.name);
    if (same)
      throw new PluginError(
        `plugin "${plugin}" adds a tool named "${tool.name}", which ${whose(same.plugin, plugin)} has added already`,
      );
    const wireName = wireNameOf(tool);
    const shown = this.#own.get(label)?.find((other) => wireNameOf(other) === wireName);
    if (!shown) return;
    const owner = this.ownTools.find(({ name }) => name === shown.name)?.plugin ?? plugin;
    throw new PluginError(
      `plugin "${plugin}" adds a tool that clients see as "${wireName}" of "${label}", which ${whose(owner, plugin)} has added already`,
    );
  }

  /** Requests name the tools of one label as those of an MCP server. */
  #addLabel(label: string, tools: Tool[]): void {
    this.#own.set(label, tools);
    this.kinds.push({
      type: "mcp",
      resolve: (entry) => {
        if (entry.type !== "mcp" || entry.server_label !== label) return undefined;
        const allowed = Array.isArray(entry.allowed_tools) ? entry.allowed_tools : undefined;
        return {
          tools: allowed ? tools.filter((tool) => allowed.includes(wireNameOf(tool))) : tools,
        };
      },
    });
  }
}

function whose(owner: string, plugin: string): string {
  return owner === plugin ? "it" : `plugin "${owner}"`;
}

function wireNameOf({ name, wireName }: Tool): string {
  return wireName ?? name;
}

/**
 * The tool may be an object of any class: fields are read and methods called on the object itself. Its schema is
 * frozen, since taps see it in every request.
 */
function labelled(tool: Tool, plugin: string): Tool {
  deepFreeze(tool.parameters);
  if (tool.label) return ownedBy(plugin, tool);
  const { name, description, parameters, strict, wireName, needsApproval } = tool;
  return ownedBy<Tool>(plugin, {
    ...tool,
    name,
    parameters,
    label: plugin,
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
    ...(wireName === undefined ? {} : { wireName }),
    ...(needsApproval === undefined ? {} : { needsApproval }),
    execute: (args, turn) => tool.execute(args, turn),
    ...(tool.present ? { present: (id) => tool.present?.(id) as Presentation } : {}),
  });
}
