import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptionsAt, useServer } from "../upstream-http/index.ts";

/** How OpenAI differs: README.md. */
const family: ServerFamily = { name: "openai", quirks: {} };

/** OpenAI's own models. `OPENAI_API_KEY` is the key unless `apiKey` says another. */
export const openai = definePlugin({
  name: "upstream-openai",
  options: serverOptionsAt("https://api.openai.com/v1"),
  setup(vr, options) {
    const apiKey = options.apiKey ?? (process.env.OPENAI_API_KEY || undefined);
    useServer(vr, family, { ...options, apiKey });
  },
});

export default openai;
