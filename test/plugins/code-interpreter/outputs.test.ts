import { describe, expect, it } from "vitest";
import { type CodeOutput, OutputCollector } from "../../../plugins/code-interpreter/outputs.ts";
import { toToolOutput } from "../../../plugins/code-interpreter/to-tool-output.ts";

/** The signature alone. */
const PNG = "iVBORw0KGgo=";
const LIMITS = { logCharacters: 1_000, images: 2, imageBytes: 100 };
const collect = (fill: (sink: OutputCollector) => void, limits: Partial<typeof LIMITS> = {}) => {
  const collector = new OutputCollector({ ...LIMITS, ...limits });
  fill(collector);
  return collector.outputs();
};
const logsOf = (outputs: readonly CodeOutput[]) =>
  outputs.map((output) => (output.type === "logs" ? output.logs : "<image>")).join("");

describe("what code prints and shows", () => {
  it("is one logs output, in order", () => {
    expect(
      collect((sink) => {
        sink.text("stdout", "one\n");
        sink.text("stderr", "two\n");
        sink.text("result", "42");
      }),
    ).toEqual([{ type: "logs", logs: "one\ntwo\n42" }]);
  });

  it("is nothing when there was nothing", () => {
    expect(collect(() => {})).toEqual([]);
  });

  it("begins a value and a traceback on a line of its own, and what follows them", () => {
    const outputs = collect((sink) => {
      sink.text("stdout", "no end of line");
      sink.text("result", "42");
      sink.text("traceback", "ZeroDivisionError\n");
      sink.text("stdout", "a");
      sink.text("stderr", "b");
    });
    expect(logsOf(outputs)).toBe("no end of line\n42\nZeroDivisionError\nab");
  });

  it("has images where they were shown, as data URLs", () => {
    expect(
      collect((sink) => {
        sink.text("stdout", "before\n");
        sink.image("image/png", "iVBORw0KGgo=");
        sink.text("stdout", "after\n");
      }),
    ).toEqual([
      { type: "logs", logs: "before\n" },
      { type: "image", url: "data:image/png;base64,iVBORw0KGgo=" },
      { type: "logs", logs: "after\n" },
    ]);
  });

  it("says which images were left out", () => {
    const outputs = collect((sink) => {
      sink.image("image/png", `${PNG}${"A".repeat(188)}`);
      for (let i = 0; i < 3; i++) sink.image("image/png", PNG);
    });
    expect(logsOf(outputs)).toBe(
      "[an image of 150 bytes was left out: the limit for all is 100]\n<image><image>[an image was left out: the limit is 2]\n",
    );
  });

  it("has no image that is none: no model server would take it", () => {
    const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>").toString("base64");
    const outputs = collect((sink) => {
      sink.image("image/png", "bm8=");
      sink.image("image/jpeg", PNG);
      sink.image("image/svg+xml", "");
      sink.image("image/svg+xml", svg);
      sink.image("image/jpeg", "/9j/4AAQ");
    });
    expect(logsOf(outputs)).toBe(
      "[the data shown as image/png is not such an image]\n[the data shown as image/jpeg is not such an image]\n[the data shown as image/svg+xml is not such an image]\n<image><image>",
    );
  });

  it("keeps the beginning and the end, and says how much was cut", () => {
    const text = logsOf(
      collect((sink) => {
        sink.text("stdout", `first ${"x".repeat(10_000)}`);
        for (let i = 0; i < 1_000; i++) sink.text("stdout", "y".repeat(100));
        sink.text("traceback", "MemoryError");
      }),
    );
    expect(text.startsWith("first xxx")).toBe(true);
    expect(text.endsWith("y\nMemoryError")).toBe(true);
    const cut = Number(/\n\[(\d+) characters were cut here\]\n/.exec(text)?.[1]);
    expect(cut).toBe("first ".length + 10_000 + 100_000 + "\nMemoryError".length - 1_000);
  });

  it("counts what a runtime did not transport", () => {
    const text = logsOf(
      collect((sink) => {
        sink.text("stdout", "head");
        sink.cut(99);
        sink.text("stdout", "tail");
      }),
    );
    expect(text).toBe("head\n[99 characters were cut here]\ntail");
  });

  it("never ends in half a character", () => {
    const text = logsOf(collect((sink) => sink.text("stdout", `a${"🐍".repeat(5_000)}`)));
    expect(text.isWellFormed()).toBe(true);
  });
});

describe("what the model reads of it", () => {
  it("is text when there are no figures", () => {
    expect(toToolOutput([{ type: "logs", logs: "120\n" }], 1_000)).toBe("120");
  });

  it("says that there was nothing", () => {
    expect(toToolOutput([], 1_000)).toBe("(no output)");
  });

  it("has figures as images, but none that models cannot read", () => {
    const outputs: CodeOutput[] = [
      { type: "logs", logs: "plotted\n" },
      { type: "image", url: "data:image/png;base64,AAAA" },
      { type: "image", url: "data:image/svg+xml;base64,AAAA" },
    ];
    expect(toToolOutput(outputs, 1_000)).toEqual([
      {
        type: "input_text",
        text: "plotted\n\n[a figure was shown]\n[an image was shown that you cannot see]",
      },
      { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
    ]);
  });

  it("is shortened in the middle", () => {
    const text = toToolOutput([{ type: "logs", logs: `begin${"x".repeat(5_000)}end` }], 100) as string;
    expect(text).toMatch(/^beginx+\n\[4908 characters were left out here\]\nx+end$/);
  });
});
