import { z } from "zod";
import { type Settings, setting } from "../../core/index.ts";
import { SERVER_KINDS } from "./kinds.ts";

const VR_UPSTREAM_API_KEY = setting({
  // A key that was read from a file may end with a line break.
  schema: z.string().transform((text) => text.trim() || undefined),
  help: "sent to VR_UPSTREAM, or to the server that was found, as a bearer token",
  secret: true,
});

/** What `findServer` reads. */
export const findServerSettings = { VR_UPSTREAM_API_KEY };
export type FindServerSettings = Settings<typeof findServerSettings>;

/** What belongs to `--upstream` and `VR_UPSTREAM`. */
export const namedUpstreamSettings = {
  VR_UPSTREAM_KIND: setting({
    schema: z.enum(SERVER_KINDS, `expected one of ${SERVER_KINDS.join(", ")}`),
    help: `what VR_UPSTREAM is: ${SERVER_KINDS.slice(0, -1).join(", ")} or ${SERVER_KINDS.at(-1)}; alone, at its usual address`,
  }),
  VR_UPSTREAM_API_KEY,
};
