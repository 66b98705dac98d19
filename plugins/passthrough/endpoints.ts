import type { ForwardedCall } from "../../core/index.ts";

/** An endpoint here, and where it leads to. */
export interface Endpoint {
  path: string;
  forwarded: Pick<ForwardedCall, "path" | "below">;
}

const ENDPOINTS = {
  chat: { path: "/v1/chat/completions", forwarded: { path: "/chat/completions" } },
  embeddings: { path: "/v1/embeddings", forwarded: { path: "/embeddings" } },
  completions: { path: "/v1/completions", forwarded: { path: "/completions" } },
  // Servers that have it have it beside `/v1`.
  tokenize: { path: "/tokenize", forwarded: { path: "/tokenize", below: "root" } },
} as const satisfies Record<string, Endpoint>;

export function endpointsOf(asked: Readonly<Record<keyof typeof ENDPOINTS, boolean>>): Endpoint[] {
  return Object.entries(ENDPOINTS).flatMap(([name, endpoint]) =>
    asked[name as keyof typeof ENDPOINTS] ? [endpoint] : [],
  );
}
