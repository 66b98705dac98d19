import type { Dependency } from "./dependency.ts";
import { PluginError } from "./errors.ts";
import { ownedBy, ownerOf } from "./owners.ts";
import { deepFreeze } from "./protocol/streamed.ts";
import type { Store } from "./store.ts";
import type { Presentation, Tool, ToolKind } from "./tool.ts";
import { checkKind, checkTool } from "./tool-check.ts";
import type { Candidate, Upstream } from "./upstream.ts";
import { type CheckedUpstreamLimits, checkUpstreamLimits, type UpstreamLimits } from "./upstream-limits.ts";

/** The options of `vr.tools.add`. */
export interface OwnToolOptions {
  /**
   * "always" (the default): the model of every request sees the tool, so that existing clients need no change.
   * "request": only requests with `tools: [{"type": "mcp", "server_label": "<the plugin's name>"}]` have the tool.
   */
  offer?: "always" | "request";
}

/** Where a plugin registers tools: `vr.tools`. */
export interface ToolRegistry {
  /** Adds a type of `tools[]` entries. @throws PluginError if the kind is wrong, or its type is taken */
  kind(kind: ToolKind): void;
  /**
   * Adds a tool that the gateway runs. It is shown as an `mcp_call` unless it has its own presentation.
   * @throws PluginError if the tool is wrong, or its name is taken
   */
  add(tool: Tool, options?: OwnToolOptions): void;
}

/** Where a plugin registers model servers, and asks which of them have a model: `vr.upstreams`. */
export interface UpstreamRegistry {
  /**
   * Adds an upstream, during set-up only. The first one added answers requests that match no route.
   * @param limits what is left out has the defaults of `UpstreamLimits`
   */
  add(upstream: Upstream, limits?: UpstreamLimits): void;
  /**
   * The upstreams that may answer requests for this model, in the order to try; `undefined`: the request names no
   * model. Their calls obey the upstreams' limits. Empty if there is no upstream. Only after set-up.
   */
  route(model: string | undefined): readonly Candidate[];
  /** Whether `--upstream` replaces whatever is added. */
  readonly replaced: boolean;
}

/** A plugin's tool, as `vr check` lists it. */
export interface OwnTool {
  readonly plugin: string;
  readonly name: string;
  readonly label: string;
  readonly offer: "always" | "request";
}

/** What plugins have registered, in the order of the configuration. */
export class Registry {
  readonly upstreams: Upstream[] = [];
  readonly #limits = new Map<Upstream, CheckedUpstreamLimits>();
  readonly dependencies: Dependency[] = [];
  readonly kinds: ToolKind[] = [];
  /** The tools that every model sees. */
  readonly offered: Tool[] = [];
  /** All tools that plugins have added, whichever requests may use them. */
  readonly ownTools: OwnTool[] = [];
  /** The tools that plugins have added, by label. */
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

  /** @throws PluginError if the name is taken, ConfigError if a limit is wrong */
  addUpstream(plugin: string, upstream: Upstream, limits?: UpstreamLimits): void {
    if (this.upstreams.some((other) => other.name === upstream.name))
      throw new PluginError(
        `plugin "${plugin}" adds an upstream named "${upstream.name}", which exists already`,
      );
    this.#limits.set(upstream, checkUpstreamLimits(limits, `plugin "${plugin}"`));
    this.upstreams.push(ownedBy(plugin, upstream));
  }

  /** The limits of an upstream that was added. */
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

  /** @throws PluginError if a kind has this type already, or owns the same items */
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

  /** Gives tools that a kind resolved to the label of its plugin, unless they have their own. */
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

  /** Checks both names of a tool: models call it by `name`, clients see its name on the wire, under a label. */
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

  /** Adds a kind by which requests name the tools of one label, like those of an MCP server. */
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
 * The tool with a label. It may be an object of any class: fields are read and methods called on the object itself. Its
 * schema is frozen, since taps see it in every request.
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
