import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { tempFolder } from "./temp-folder.ts";

/** Debian's browser; `undefined` where there is none. */
export const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
  (program) => spawnSync(program, ["--version"]).status === 0,
);

/** A web server of somebody else's on this machine. */
export async function startSite(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/**
 * Opens `script` as a page of its own origin in a real browser, and gives what its promise resolves to. `urlOf` may say
 * that the page stands elsewhere, and `resolve` where names are: `MAP evil.example 127.0.0.1:1234`.
 */
export async function runInPage(
  script: string,
  {
    urlOf = (url: string) => url,
    resolve = [],
  }: { urlOf?: (url: string) => string; resolve?: string[] } = {},
): Promise<unknown> {
  const told = Promise.withResolvers<unknown>();
  const site = await startSite(async (req, res) => {
    let text = "";
    for await (const part of req) text += part;
    if (req.method === "POST") told.resolve(JSON.parse(text));
    res.setHeader("connection", "close");
    res.setHeader("content-type", "text/html");
    res.end(req.url === "/" ? page(script, site.url) : "");
  });
  const browser = open(urlOf(`${site.url}/`), resolve);
  const ended = once(browser, "exit").then(([code]) => {
    throw new Error(`the browser ended with ${code} before its page had told anything`);
  });
  return Promise.race([told.promise, ended]);
}

function page(script: string, home: string): string {
  const tell = `fetch("${home}/told", { method: "POST", mode: "no-cors", body: JSON.stringify(told) })`;
  return `<!doctype html><script type="module">
    let told;
    try { told = await (async () => { ${script} })(); } catch (error) { told = String(error); }
    ${tell};
  </script>`;
}

function open(url: string, resolve: readonly string[]): ChildProcess {
  const folder = tempFolder();
  const browser = spawn(
    chromium as string,
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--no-proxy-server",
      "--disable-background-networking",
      `--user-data-dir=${folder}`,
      `--host-resolver-rules=${[...resolve, "MAP *.example ~NOTFOUND"].join(", ")}`,
      "--remote-debugging-port=0",
      url,
    ],
    { stdio: "ignore", env: { ...process.env, HOME: folder } },
  );
  onTestFinished(async () => {
    if (browser.exitCode !== null || browser.signalCode !== null) return;
    const ended = once(browser, "exit");
    browser.kill("SIGKILL");
    await ended;
  });
  return browser;
}
