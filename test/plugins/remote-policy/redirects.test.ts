import { describe, expect, it } from "vitest";
import { dns } from "../../helpers/dns-answers.ts";
import {
  create,
  network,
  PUBLIC,
  refusalOf,
  serve,
  serveTls,
  URL_OF_HOST,
} from "../../helpers/remote-policy.ts";

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("is not followed: %i", async (status) => {
    const asked: unknown[] = [];
    const server = await serveTls((request, response) => {
      asked.push(request.url);
      response.writeHead(status, { location: "https://10.0.0.1/secret-token" }).end("moved");
    });
    const { connect } = network(server);
    for (const redirect of ["follow", "manual", "error"] as const) {
      const { fetch } = create({ ...dns([PUBLIC]), connect });
      expect(await refusalOf(fetch(URL_OF_HOST, { method: "POST", body: "{}", redirect }))).toBe(
        `The host "mcp.example.com" answered ${status}, a redirect: redirects are not followed.`,
      );
    }
    expect(asked).toEqual(["/mcp", "/mcp", "/mcp"]);
  });

  it("is not followed without checks either", async () => {
    const port = await serve((_, response) => response.writeHead(302, { location: "/elsewhere" }).end());
    const message = await refusalOf(create({ checks: false }).fetch(`http://127.0.0.1:${port}/`));
    expect(message).toContain("answered 302");
  });
});
