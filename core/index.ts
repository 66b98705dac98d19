/** The whole public API of vr. Plugins and `vr.config.ts` import `vr-gateway`, which is this file. */

export type { BodyLimits } from "./body-limits.ts";
export { checkOptions } from "./check-options.ts";
export { type Config, type ConfigInput, defineConfig } from "./config.ts";
export type {
  Caller,
  EndContext,
  Failure,
  Log,
  MaybePromise,
  ResponseContext,
  ToolTurn,
  Turn,
} from "./context.ts";
export type { Dependency } from "./dependency.ts";
export {
  assertNever,
  ConfigError,
  type ErrorEnvelope,
  type ErrorFields,
  GuardrailStop,
  InvalidRequestError,
  isGuardrailStop,
  isVrError,
  NotFoundError,
  PluginError,
  RefusedError,
  StoreError,
  UpstreamError,
  VrError,
} from "./errors.ts";
export { type FailureFields, failureFields } from "./failure.ts";
export type { CallTapOptions, ChunkTapOptions, TapOptions } from "./hook-options.ts";
export type { Tap } from "./hook-taps.ts";
export type { Hook, Hooks, TapFunction } from "./hooks.ts";
export { readJson, readJsonText } from "./http/body.ts";
export { takesBody } from "./http/content-type.ts";
export { type Page, toPage } from "./http/page.ts";
export { newId, responseIdOfItem } from "./ids.ts";
export { type ItemText, type TextKind, textsOf } from "./item-texts.ts";
export { createJsonStringCutter, type JsonStringCutter } from "./json-string-cutter.ts";
export { type LruBounds, LruMap } from "./lru-map.ts";
export { definePlugin, type Plugin, type Vr } from "./plugin.ts";
export { checkRequest } from "./protocol/check-request.ts";
export type { FinishReason, ModelChunk, PartType, TextChunk } from "./protocol/chunk.ts";
export { type EventDraft, isItemEvent, type Progress, type ResponseEvent } from "./protocol/events.ts";
export {
  type HostedItem,
  type InTurn,
  type Item,
  isFunctionCall,
  isFunctionCallOutput,
  isHostedItem,
  isMessage,
  isModelItem,
  itemType,
  type MessageItem,
  type ModelItem,
  type Note,
  type StoredItem,
} from "./protocol/items.ts";
export { atPointer } from "./protocol/json-pointer.ts";
export { JsonBudget } from "./protocol/json-scan.ts";
export type {
  HostedRequest,
  JsonSchema,
  ModelFunction,
  ModelPassthrough,
  ModelRequest,
  ToolChoice,
} from "./protocol/model-request.ts";
export { isObject } from "./protocol/problem.ts";
export type { ResponseRequest, ToolEntry } from "./protocol/request.ts";
export { deepFreeze } from "./protocol/streamed.ts";
export { functionNamesOf } from "./protocol/tool-entries.ts";
export type * as wire from "./protocol/wire.ts";
export type { OwnToolOptions, ToolRegistry, UpstreamRegistry } from "./registry.ts";
export { defaultPresentation, replayDefault } from "./response/default-presentation.ts";
export { cutCredentials } from "./secrets.ts";
export {
  type Setting,
  type SettingDeclarations,
  type Settings,
  type SettingValues,
  setting,
  trueOrFalse,
} from "./setting.ts";
export type { ResponseShell, Store, StoredResponse } from "./store.ts";
export {
  createTailWindow,
  type Inspection,
  type TailPlace,
  type TailWindow,
  type TailWindowOptions,
} from "./tail-window.ts";
export type {
  CallEnd,
  ItemDraft,
  ListedItem,
  Presentation,
  ReplayedCall,
  ResolvedEntry,
  Tool,
  ToolCall,
  ToolData,
  ToolDecision,
  ToolKind,
  ToolOutput,
  ToolResult,
} from "./tool.ts";
export { untilAborted } from "./until-aborted.ts";
export type { Candidate, ForwardedAnswer, ForwardedCall, ModelInfo, Upstream } from "./upstream.ts";
export { pickUpstreamLimits, type UpstreamLimits, upstreamLimitsShape } from "./upstream-limits.ts";
export { type TimeLimit, within } from "./within.ts";
