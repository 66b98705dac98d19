import { once } from "node:events";
import { request } from "node:http";
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { describe, expect, it } from "vitest";
import { codeInterpreter } from "../../plugins/code-interpreter/index.ts";
import { passthrough } from "../../plugins/passthrough/index.ts";
import { type InProcess, startInProcess } from "../helpers/in-process.ts";
import { raw } from "../helpers/raw.ts";
import { says, scripted } from "../helpers/scripted.ts";

const BODY_BYTES = 10_000;
const start = async () => {
  const model = scripted(says("ok"), says("ok"));
  return { model, vr: await startInProcess({ plugins: [model], http: { bodyBytes: BODY_BYTES } }) };
};
const send = (vr: InProcess, encoding: string, body: Uint8Array | string, path = "/v1/responses") =>
  raw(vr, "POST", path, { "content-type": "application/json", "content-encoding": encoding }, body);
const errorOf = ({ text }: { text: string }): object => JSON.parse(text).error;

const ENCODERS = {
  gzip: gzipSync,
  "x-gzip": gzipSync,
  GZIP: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} satisfies Record<string, (text: string) => Uint8Array>;
const encodings = Object.entries(ENCODERS);

describe("Content-Encoding of a request", () => {
  it.each(encodings)("%s is decoded", async (encoding, encode) => {
    const { vr, model } = await start();
    const answer = await send(vr, encoding, encode(JSON.stringify({ input: "Grüße" })));
    expect(answer.status).toBe(200);
    expect(JSON.stringify(model.read(0))).toContain("Grüße");
  });

  it("identity is as none", async () => {
    const { vr } = await start();
    expect((await send(vr, "identity", '{"input":"Hello?"}')).status).toBe(200);
  });

  it.each(["compress", "exi", "gzip, br", "zstd,zstd", "__proto__", "toString"])(
    "%s is refused by its name",
    async (encoding) => {
      const { vr } = await start();
      const answer = await send(vr, encoding, '{"input":"Hello?"}');
      expect(answer.status).toBe(415);
      expect(errorOf(answer)).toMatchObject({
        message: expect.stringContaining(`"${encoding.toLowerCase()}"`),
      });
    },
  );

  it.each(encodings)("%s of more than bodyBytes, decoded: 413", async (encoding, encode) => {
    const { vr } = await start();
    const fits = encode(JSON.stringify({ input: "x".repeat(BODY_BYTES - 20) }));
    expect((await send(vr, encoding, fits)).status).toBe(200);
    const bomb = encode(JSON.stringify({ input: "x".repeat(BODY_BYTES) }));
    expect(bomb.length).toBeLessThan(BODY_BYTES / 10);
    const answer = await send(vr, encoding, bomb);
    expect(answer.status).toBe(413);
    expect(errorOf(answer)).toMatchObject({ code: "request_too_large" });
  });

  it("what is endless and holds nothing ends too", async () => {
    const { vr } = await start();
    const call = request(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    });
    call.on("error", () => {});
    const empty = gzipSync("");
    const whole = Buffer.concat(
      Array.from({ length: Math.ceil((BODY_BYTES + 1) / empty.length) }, () => empty),
    );
    call.write(whole);
    const [answer] = await once(call, "response");
    expect(answer.statusCode).toBe(413);
    call.destroy();
  });

  it("a window of more than 8 MB is not made for anybody", async () => {
    const { vr } = await start();
    const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_enableLongDistanceMatching]: 1 };
    // The size is not known at first, so the frame asks for the whole window.
    const { createZstdCompress } = await import("node:zlib");
    const stream = createZstdCompress({ params });
    stream.write('{"input":');
    stream.end('"Hello?"}');
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part);
    expect((await send(vr, "zstd", Buffer.concat(parts))).status).toBe(400);
  });

  it.each(encodings)("%s that is broken or cut off: 400", async (encoding, encode) => {
    const { vr } = await start();
    const whole = encode(JSON.stringify({ input: "Hello? ".repeat(20) }));
    for (const body of ["no such thing at all", whole.subarray(0, whole.length - 5), whole.subarray(0, 8)]) {
      const answer = await send(vr, encoding, body);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ message: `The body is not valid ${encoding.toLowerCase()}.` });
    }
  });

  it("a client that leaves in the middle of one leaves the gateway well", async () => {
    const { vr } = await start();
    const gzip = createGzip();
    const call = request(`${vr.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    });
    call.on("error", () => {});
    gzip.pipe(call);
    gzip.write('{"input":"Hel');
    gzip.flush();
    await once(call, "socket");
    call.destroy();
    expect((await vr.post()).status).toBe(200);
  });

  it("endpoints of plugins decode alike", async () => {
    const vr = await startInProcess({ plugins: [scripted(), codeInterpreter(), passthrough()] });
    const body = zstdCompressSync(JSON.stringify({ name: "mine" }));
    expect(await send(vr, "zstd", body, "/v1/containers")).toMatchObject({ status: 200 });
    expect((await send(vr, "zstd", body, "/v1/chat/completions")).status).toBe(501);
    expect((await send(vr, "lzma", body, "/v1/chat/completions")).status).toBe(415);
  });
});

describe("invalid UTF-8", () => {
  it.each([
    ["a lone byte", [0xff]],
    ["an encoded surrogate", [0xed, 0xa0, 0x80]],
    ["a character that is cut off", [0xe2, 0x82]],
    ["an overlong form", [0xc0, 0xaf]],
  ])("%s: 400", async (_, bytes) => {
    const { vr, model } = await start();
    const body = Buffer.concat([Buffer.from('{"input":"'), Buffer.from(bytes), Buffer.from('"}')]);
    for (const [encoding, sent] of [
      ["identity", body],
      ["gzip", gzipSync(body)],
    ] as const) {
      const answer = await send(vr, encoding, sent);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ message: "The body is not valid UTF-8." });
    }
    expect(model.requests).toEqual([]);
  });
});
