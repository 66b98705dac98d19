import { describe, expect, it } from "vitest";
import { partialQuirksSchema } from "../../../plugins/dialect-chat/index.ts";
import { convert, user } from "./converting.ts";

describe("further parameters in a body", () => {
  it("are those of the list, under the server's name for them", () => {
    const { body } = convert(
      { extra: { top_k: 20, repetition_penalty: 1.1, mood: "good" } },
      { passExtra: ["top_k", "repetition_penalty"], extraNames: { repetition_penalty: "repeat_penalty" } },
    );
    expect(body).toEqual({
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      top_k: 20,
      repeat_penalty: 1.1,
    });
  });

  it("undo nothing that vr says", () => {
    const extra = { messages: [], temperature: 2, model: "other", stop: "." };
    const passExtra = ["messages", "temperature", "model", "stop"];
    const { body } = convert({ items: [user("hi")], temperature: 0, extra }, { passExtra });
    expect(body).toMatchObject({ model: "m", messages: [{}], temperature: 0, stop: "." });
  });

  it("of an object, members come over vr's own", () => {
    const extra = { chat_template_kwargs: { enable_thinking: false } };
    const { body } = convert(
      { reasoning: { effort: "low" }, extra },
      { reasoningEffort: "both", passExtra: ["chat_template_kwargs"] },
    );
    expect(body.chat_template_kwargs).toEqual({ reasoning_effort: "low", enable_thinking: false });
  });

  it.each(["messages", "tools", "prompt", "previous_input_messages", "stream", "chat_template", "n", "a b"])(
    "cannot be %s",
    (name) => {
      expect(partialQuirksSchema.safeParse({ passExtra: [name] }).success).toBe(false);
      if (name !== "a b")
        expect(partialQuirksSchema.safeParse({ extraNames: { top_k: name } }).success).toBe(false);
    },
  );
});
