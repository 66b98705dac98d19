import { z } from "zod";
import { checkRequest, InvalidRequestError, readJson, takesBody, toPage, type Vr } from "../../core/index.ts";
import type { Container } from "./container.ts";
import { checkEnvironment, environmentShape } from "./container-choice.ts";
import { findFile, listFiles, printable, readFile, toFileObject } from "./container-files.ts";
import type { Interpreter } from "./interpreter.ts";

const BODY_LIMITS = { bodyBytes: 256 * 1024, jsonDepth: 16 };

const createBody = z.object({
  name: z.string().min(1).max(256),
  expires_after: z
    .object({
      anchor: z.literal("last_active_at"),
      minutes: z
        .int()
        .min(1)
        .max(24 * 60),
    })
    .nullish(),
  skills: z.array(z.unknown()).nullish(),
  ...environmentShape,
});

/** `/v1/containers` and the files in them. OpenAI API: Containers, Container files. */
export function containerRoutes({ router, ending }: Vr, interpreter: Interpreter): void {
  const { containers } = interpreter;

  router.post("/v1/containers", async (ctx) => {
    const body = checkRequest(createBody, await readJson(ctx.req, BODY_LIMITS));
    if (body.skills?.length) throw new InvalidRequestError("skills are not supported", { param: "skills" });
    const warning = checkEnvironment(interpreter, body);
    if (warning) ctx.set("x-vr-warning", warning);
    const minutes = body.expires_after?.minutes;
    const idleMs = minutes === undefined ? undefined : minutes * 60_000;
    ctx.body = toContainerObject(containers.create({ name: body.name, ...(idleMs ? { idleMs } : {}) }));
  });

  router.get("/v1/containers", (ctx) => {
    const { name } = ctx.query;
    const all = containers.list().filter((container) => !name || container.name === name);
    ctx.body = toPage(all.map(toContainerObject), ctx.query);
  });

  router.get("/v1/containers/:id", (ctx) => {
    ctx.body = toContainerObject(containers.find(ctx.params.id ?? ""));
  });

  router.delete("/v1/containers/:id", async (ctx) => {
    const id = ctx.params.id ?? "";
    await containers.delete(id);
    ctx.body = { id, object: "container.deleted", deleted: true };
  });

  router.get("/v1/containers/:id/files", async (ctx) => {
    const container = containers.find(ctx.params.id ?? "");
    const files = await listFiles(interpreter, container, ending);
    ctx.body = toPage(
      files.map((file) => toFileObject(container, file)),
      ctx.query,
    );
  });

  router.post("/v1/containers/:id/files", takesBody("multipart/form-data"), (ctx) => {
    containers.find(ctx.params.id ?? "");
    throw new InvalidRequestError("Files cannot be uploaded to containers yet.", { code: "not_supported" });
  });

  router.get("/v1/containers/:id/files/:file", async (ctx) => {
    const { id = "", file = "" } = ctx.params;
    const container = containers.find(id);
    const found = await findFile(interpreter, container, file, ending);
    ctx.body = toFileObject(container, found);
  });

  router.get("/v1/containers/:id/files/:file/content", async (ctx) => {
    const { id = "", file = "" } = ctx.params;
    const container = containers.find(id);
    const read = await readFile(interpreter, container, file, ending);
    const path = printable(read.file.path);
    // Code wrote it, so a browser is not to run it.
    ctx.set("x-content-type-options", "nosniff");
    ctx.attachment(path.slice(path.lastIndexOf("/") + 1));
    ctx.type = "application/octet-stream";
    ctx.body = Buffer.from(read.content);
  });
}

function toContainerObject({ id, name, createdAt, lastActiveAt, idleMs }: Container) {
  return {
    id,
    object: "container",
    name,
    status: "running",
    created_at: Math.floor(createdAt / 1000),
    last_active_at: Math.floor(lastActiveAt / 1000),
    expires_after: { anchor: "last_active_at", minutes: Math.max(1, Math.round(idleMs / 60_000)) },
  };
}
