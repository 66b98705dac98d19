import { z } from "zod";
import {
  createTailWindow,
  definePlugin,
  GuardrailStop,
  type Inspection,
  RefusedError,
  type TailPlace,
  textsOf,
} from "../../core/index.ts";
import { Matcher } from "./matcher.ts";
import { asItIs, unescapeJson } from "./unescape.ts";

/** Keeps listed words out of what the model reads and out of what the client reads. */
export const guardBlocklist = definePlugin({
  name: "guard-blocklist",
  options: z.object({
    words: z.array(z.string().min(1)).min(1),
    matchCase: z.boolean().default(false),
    wholeWords: z.boolean().default(false),
    input: z.boolean().default(true),
    output: z.boolean().default(true),
    message: z.string().default("The content holds a blocked word."),
  }),
  setup(vr, { words, matchCase, wholeWords, input, output, message }) {
    const matcher = new Matcher(words, { matchCase, wholeWords });
    const inspect = (raw: string, { kind, before, ended }: TailPlace): Inspection => {
      // Arguments are JSON text, in which a word may be written with escapes.
      const read = kind === "tool_arguments" ? unescapeJson : asItIs;
      const { text, rawOf } = read(raw);
      const { clear, isWord } = matcher.search(text, read(before).text, ended);
      if (isWord) return { pass: rawOf(clear), stop: message };
      return ended ? raw.length : rawOf(clear);
    };
    const isBlocked = (value: object) =>
      textsOf(value).some(
        ({ kind, text }) => typeof inspect(text, { kind, before: "", ended: true }) === "object",
      );

    // Checks names, descriptions and schemas, with their keys, since the model reads all of them.
    const isToldWith = (value: unknown) =>
      value !== undefined &&
      typeof inspect(JSON.stringify(value), { kind: "tool_arguments", before: "", ended: true }) === "object";

    // Checks what the client sent with this request. Its history was checked when it came; later turns add nothing.
    if (input)
      vr.hooks.beforeUpstream.tap(({ extra }, { index, response: { request } }) => {
        if (index > 0) return;
        const refuse = (param: string) => new RefusedError(message, { code: "content_blocked", param });
        if (request.instructions && isBlocked([request.instructions])) throw refuse("instructions");
        if (isBlocked(request.input)) throw refuse("input");
        if (request.tools.some((tool) => tool.type === "function" && isToldWith(tool))) throw refuse("tools");
        if (request.text?.format && isToldWith(request.text.format)) throw refuse("text.format");
        // Some extra parameters become part of the prompt: `chat_template_kwargs`.
        for (const [name, value] of Object.entries(extra ?? {})) if (isToldWith(value)) throw refuse(name);
      });

    if (!output) return;
    // Checks what streams. A word may be split over chunks, so its possible beginning waits for the rest.
    const key = Symbol("guard-blocklist");
    const openWindow = () => createTailWindow({ inspect });
    vr.hooks.onChunk.tap((chunk, turn) => turn.state(key, openWindow).push(chunk));

    // Checks what comes whole: the outputs and errors of tools that the gateway ran.
    vr.hooks.onOutputItem.tap((item) => {
      if (isBlocked(item)) throw new GuardrailStop(message);
    });
  },
});
