import type { ForwardedCall } from "../../core/index.ts";

/** An endpoint of the gateway, and the server's path that it forwards to. */
export interface Endpoint {
  path: string;
  forwarded: Pick<ForwardedCall, "path" | "below">;
}

const ENDPOINTS = {
  chat: { path: "/v1/chat/completions", forwarded: { path: "/chat/completions" } },
  embeddings: { path: "/v1/embeddings", forwarded: { path: "/embeddings" } },
  completions: { path: "/v1/completions", forwarded: { path: "/completions" } },
  // Servers that have it serve it outside `/v1`.
  tokenize: { path: "/tokenize", forwarded: { path: "/tokenize", below: "root" } },
} as const satisfies Record<string, Endpoint>;

export function endpointsOf(asked: Readonly<Record<keyof typeof ENDPOINTS, boolean>>): Endpoint[] {
  return Object.entries(ENDPOINTS).flatMap(([name, endpoint]) =>
    asked[name as keyof typeof ENDPOINTS] ? [endpoint] : [],
  );
}
