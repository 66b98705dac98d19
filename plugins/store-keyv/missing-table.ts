import type { Keyv } from "keyv";

/** PostgreSQL: undefined_table. */
const UNDEFINED_TABLE = "42P01";

/** What `@keyv/postgres` has on its adapter. */
interface PostgresAdapter {
  opts?: { dialect?: unknown; schema?: string; table?: string; keySize?: number; useUnloggedTable?: boolean };
  query?(sql: string): Promise<unknown>;
}

/**
 * Makes the table of `@keyv/postgres` after a call failed for want of it; answers whether it did. The adapter itself
 * makes it only once, when it is created: never, if the server was not there then.
 */
export async function makeMissingTable(keyv: Keyv, failure: unknown): Promise<boolean> {
  const { opts, query } = keyv.store as PostgresAdapter;
  if ((failure as { code?: unknown } | null)?.code !== UNDEFINED_TABLE) return false;
  if (opts?.dialect !== "postgres" || typeof query !== "function") return false;
  const { schema = "public", table = "keyv", keySize = 255, useUnloggedTable } = opts;
  // The names are written as the adapter writes them.
  if (schema !== "public") await query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await query(
    `CREATE ${useUnloggedTable ? "UNLOGGED " : ""}TABLE IF NOT EXISTS ${schema}.${table} ` +
      `(key VARCHAR(${Number(keySize)}) PRIMARY KEY, value TEXT)`,
  ).catch((error: unknown) => {
    // Two that make it at once: one of them meets the other's (unique_violation).
    if ((error as { code?: unknown } | null)?.code !== "23505") throw error;
  });
  return true;
}
