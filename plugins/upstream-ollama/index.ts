import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptionsAt, useServer } from "../upstream-http/index.ts";
import { capabilitiesOf } from "./capabilities.ts";

/** How Ollama differs. The sources of each line are in README.md. */
const family: ServerFamily = {
  name: "ollama",
  quirks: {
    reasoningField: "reasoning",
    images: "data_url",
    files: false,
    efforts: ["none", "low", "medium", "high", "max"],
    parameters: { tool_choice: "refuse", parallel_tool_calls: "drop", "tools.strict": "drop" },
    cutAnswers: "completed",
    nativeParameters: { tool_choice: "refuse", parallel_tool_calls: "drop", "tools.strict": "drop" },
    passthrough: [],
  },
  capabilities: capabilitiesOf,
};

/** An Ollama server. */
export const ollama = definePlugin({
  name: "upstream-ollama",
  options: serverOptionsAt("http://127.0.0.1:11434/v1"),
  setup: (vr, options) => useServer(vr, family, options),
});

export default ollama;
