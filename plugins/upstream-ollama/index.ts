import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptionsAt, useServer } from "../upstream-http/index.ts";

/** How Ollama differs: README.md. */
const family: ServerFamily = { name: "ollama", quirks: {} };

/** An Ollama server. */
export const ollama = definePlugin({
  name: "upstream-ollama",
  options: serverOptionsAt("http://127.0.0.1:11434/v1"),
  setup: (vr, options) => useServer(vr, family, options),
});

export default ollama;
