import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { takesBody } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { chromium, runInPage } from "../helpers/chromium.ts";
import { type InProcess, type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";
import { skipUnless } from "../helpers/skip.ts";

const { skip, title } = skipUnless(chromium !== undefined, "there is no chromium", "web pages in a browser");

/** A gateway whose model calls a tool at once, with an endpoint that takes uploads; what they did is written down. */
async function start(edge: InProcessOptions["edge"] = {}): Promise<{ vr: InProcess; done: string[] }> {
  const done: string[] = [];
  const harm = plugin("harm", ({ tools, router }) => {
    tools.add({
      name: "harm",
      parameters: { type: "object", properties: {} },
      execute: () => {
        done.push("tool");
        return { kind: "output", output: "done" };
      },
    });
    router.post("/upload", takesBody("multipart/form-data"), (ctx) => {
      done.push("upload");
      ctx.body = { ok: true };
    });
    router.get("/secret", (ctx) => {
      done.push("secret");
      ctx.body = "a secret";
    });
  });
  const turns = Array.from({ length: 10 }, () => [calls(["harm", {}]), says("Done.")]).flat();
  return { vr: await startInProcess({ plugins: [scripted(...turns), harm], edge }), done };
}

/** What a page may try; each resolves when the browser is through with it. */
const attempts = (url: string) => `
  const body = JSON.stringify({ input: "go", store: false });
  const tried = [];
  const attempt = async (how, options, path = "/v1/responses") => {
    try {
      const answer = await fetch("${url}" + path, options);
      tried.push([how, answer.type, answer.status, answer.type === "opaque" ? "" : await answer.text()]);
    } catch { tried.push([how, "refused"]); }
  };
  const post = { method: "POST", mode: "no-cors" };
  const upload = new FormData();
  upload.set("file", new Blob(["x"]), "a.py");
  await attempt("a blob", { ...post, body: new Blob([body]) });
  await attempt("text", { ...post, body });
  await attempt("a form", { ...post, body: new URLSearchParams({ [body]: "" }) });
  await attempt("an upload", { ...post, body: upload }, "/upload");
  await attempt("without a referrer", { ...post, body: upload, referrerPolicy: "no-referrer" }, "/upload");
  await attempt("nothing", { ...post }, "/upload");
  await attempt("JSON", { method: "POST", headers: { "content-type": "application/json" }, body });
  await attempt("reading", {}, "/secret");
  await attempt("reading blindly", { mode: "no-cors" }, "/secret");
  await attempt("deleting", { method: "DELETE" }, "/v1/responses/resp_1");
`;

/** What a page may have frames of its own do; each resolves when the browser shows what came of it. */
const frames = (url: string) => `
  const frame = Object.assign(document.createElement("iframe"), { name: "frame" });
  const form = Object.assign(document.createElement("form"), { method: "post", target: "frame" });
  form.append(Object.assign(document.createElement("input"), { name: "a", value: "b" }));
  document.documentElement.append(frame, form);
  for (const [path, enctype] of [["/upload", "multipart/form-data"], ["/v1/responses", "text/plain"]]) {
    const shown = new Promise((resolve) => (frame.onload = resolve));
    form.action = "${url}" + path;
    form.enctype = enctype;
    form.submit();
    await shown;
  }
  const shown = new Promise((resolve) => (frame.onload = resolve));
  frame.src = "${url}/secret";
  await shown;
`;

describe.skipIf(skip)(title, () => {
  it("a page of another port on this machine reaches nothing", async () => {
    const { vr, done } = await start();
    const tried = await runInPage(`${attempts(vr.url)} ${frames(vr.url)} return tried;`);
    // The browser tells a page of no answer that it may not read, but it has sent most of them.
    expect(tried).toHaveLength(10);
    expect(JSON.stringify(tried)).not.toContain("secret");
    expect(done).toEqual([]);
  });

  it("a page whose origin is listed does what any client does", async () => {
    const { vr, done } = await start({ corsOrigins: ["*"] });
    const script = `
      const answer = await fetch("${vr.url}/v1/responses", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer k", "x-stainless-lang": "js" },
        body: JSON.stringify({ input: "go" }),
      });
      const { id, status } = await answer.json();
      const deleted = await fetch("${vr.url}/v1/responses/" + id, { method: "DELETE" });
      return [status, answer.headers.get("x-request-id") === id, deleted.status];`;
    expect(await runInPage(script)).toEqual(["completed", true, 200]);
    expect(done).toEqual(["tool"]);
  });

  it("a name that is made to point here after its page has loaded reads nothing", async () => {
    const { vr, done } = await start();
    const gateway = new URL(vr.url);
    // The browser asks one address for the name, as it does once a resolver's answer is stale: until the page is
    // there it is the page's own server, then the gateway.
    let home: string | undefined;
    const flipping = createServer((socket) => {
      socket.once("data", (first) => {
        const onward = connect(Number(new URL(home ?? vr.url).port), "127.0.0.1");
        home = undefined;
        onward.write(first);
        socket.pipe(onward).pipe(socket);
        onward.on("error", () => socket.destroy());
        socket.on("error", () => onward.destroy());
      });
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(flipping, "listening");
    onTestFinished(() => void flipping.close());
    const { port } = flipping.address() as AddressInfo;

    const origin = `http://rebound.example:${gateway.port}`;
    const tried = await runInPage(`${attempts(origin)} return [location.origin, tried];`, {
      urlOf: (url) => {
        home = url;
        return `${origin}/`;
      },
      resolve: [`MAP rebound.example 127.0.0.1:${port}`],
    });
    const [from, answers] = tried as [string, [how: string, type: string, status: number, text: string][]];
    expect(from).toBe(origin);
    expect(answers.map(([how, , status]) => [how, status])).toEqual(answers.map(([how]) => [how, 421]));
    expect(done).toEqual([]);
  });
});
