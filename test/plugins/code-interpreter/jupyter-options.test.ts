import { describe, expect, it } from "vitest";
import { type JupyterOptions, jupyter } from "../../../plugins/code-interpreter/jupyter/index.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const { log } = recordingLog();
const describeOf = (options: JupyterOptions, environment = {}) =>
  jupyter(options).create({ log, ...environment }).description;

describe("where Jupyter is", () => {
  it("is said by url, else by VR_JUPYTER_URL", () => {
    const environment = { jupyterUrl: "http://from.environment:8888/" };
    expect(describeOf({}, environment)).toContain("http://from.environment:8888,");
    expect(describeOf({ url: "https://host/user/ada/" }, environment)).toContain("https://host/user/ada,");
  });

  it("has to be said by one of them", () => {
    expect(() => jupyter().create({ log })).toThrow("jupyter: needs url, or VR_JUPYTER_URL");
  });

  it("is a page of a Jupyter server as well", () => {
    for (const page of ["/lab", "/tree/", "/"])
      expect(describeOf({ url: `http://h${page}` })).toContain(" http://h,");
  });

  it.each(["ftp://host", "host:8888", "http://user:passw0rd@host", ""])("is not %j", (url) => {
    const given = () => jupyter({ url }).create({ log });
    expect(given).toThrow(/jupyter: (url: expected http:|needs url)/);
    expect(given).not.toThrow(/passw0rd/);
    expect(() => jupyter().create({ log, jupyterUrl: url })).toThrow(/VR_JUPYTER_URL/);
  });

  it.each([
    [{ url: "http://host" }, { jupyterToken: "to ken" }, "VR_JUPYTER_TOKEN: holds a character"],
    [{ url: "http://host/?token=to%0Aken" }, {}, "?token= of the URL: holds a character"],
  ])("is not reached with a token that no header may have: %j", (given, environment, message) => {
    const create = () => jupyter(given).create({ log, ...environment });
    expect(create).toThrow(message);
  });

  it("is shown without its token", () => {
    expect(describeOf({ url: "http://host:8888/?token=s3cret", token: "0ther" })).toBe(
      "Jupyter at http://host:8888, its default kernel",
    );
  });
});

it("refuses options that it does not know, and tokens that no header takes", () => {
  expect(() => jupyter({ tokn: "x" } as JupyterOptions)).toThrow(/jupyter: Unrecognized key: "tokn"/);
  expect(() => jupyter({ token: "two\nlines" })).toThrow(/jupyter: token: holds a character/);
  expect(() => jupyter({ startTimeoutMs: 0 })).toThrow(/jupyter: startTimeoutMs/);
});

it("tells the model and the gateway what its kernels can do", () => {
  const runtime = jupyter({
    url: "http://host",
    network: "none",
    abilities: "R, with the tidyverse.",
  }).create({ log });
  expect(runtime).toMatchObject({ name: "jupyter", network: "none", abilities: "R, with the tidyverse." });
  expect(jupyter({ url: "http://host" }).create({ log })).toMatchObject({ network: "open" });
});
