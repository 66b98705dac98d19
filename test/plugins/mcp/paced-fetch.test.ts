import { expect, it } from "vitest";
import { paceStreams } from "../../../plugins/mcp/paced-fetch.ts";

it("a server's stream is opened again after a pause, in which other requests are sent", async () => {
  const sent: (string | undefined)[] = [];
  const record = async (_: unknown, init?: RequestInit) => {
    sent.push(init?.method);
    return new Response();
  };
  const paced = paceStreams(record, 50);
  const url = "http://localhost/mcp";
  await paced(url, { method: "GET" });
  const again = paced(url, { method: "GET" });
  for (let i = 0; i < 3; i++) await paced(url, { method: "POST" });
  expect(sent).toEqual(["GET", "POST", "POST", "POST"]);
  await again;
  expect(sent.at(-1)).toBe("GET");
});

it("a stream that nobody wants any more is not opened", async () => {
  let opened = 0;
  const paced = paceStreams(async () => {
    opened++;
    return new Response();
  }, 60_000);
  await paced("http://localhost/mcp", { method: "GET" });
  const leaving = new AbortController();
  const again = paced("http://localhost/mcp", { method: "GET", signal: leaving.signal });
  leaving.abort();
  await expect(again).rejects.toThrow();
  expect(opened).toBe(1);
});
