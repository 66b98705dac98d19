import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/**
 * A certificate authority that lives as long as a test. Node can read certificates but not make them, so they are
 * written here: DER as in X.690, the fields as in RFC 5280.
 */
export interface TestAuthority {
  /** PEM: what clients are to trust. */
  readonly ca: string;
  /** For a server with these DNS names. */
  issue(...names: string[]): { key: string; cert: string };
}

const DAY_MS = 86_400_000;

export function createTestAuthority(): TestAuthority {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certify = (subject: string, publicKey: KeyObject, extensions: Buffer[]) =>
    certificate({ issuer: "test authority", subject, publicKey, signer: authority.privateKey, extensions });
  return {
    ca: certify("test authority", authority.publicKey, [basicConstraints(true)]),
    issue(...names) {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const cert = certify(names[0] ?? "", publicKey, [basicConstraints(false), alternativeNames(names)]);
      return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
    },
  };
}

interface Fields {
  issuer: string;
  subject: string;
  publicKey: KeyObject;
  signer: KeyObject;
  extensions: Buffer[];
}

function certificate({ issuer, subject, publicKey, signer, extensions }: Fields): string {
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // serial number, positive
    algorithm,
    name(issuer),
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", toBeSigned, signer);
  const whole = sequence(toBeSigned, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const basicConstraints = (authority: boolean) =>
  sequence(oid(2, 5, 29, 19), der(0x04, sequence(...(authority ? [der(0x01, Buffer.from([0xff]))] : []))));

const alternativeNames = (names: readonly string[]) =>
  sequence(
    oid(2, 5, 29, 17),
    der(0x04, sequence(...names.map((dnsName) => der(0x82, Buffer.from(dnsName, "ascii"))))),
  );

/** A distinguished name that is a common name alone. */
const name = (commonName: string) =>
  sequence(der(0x31, sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(commonName)))));

/** UTCTime: YYMMDDHHMMSSZ, good until 2049. */
const time = (ms: number) =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replaceAll(/\D/g, "")}Z`));

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return der(0x06, Buffer.from(bytes));
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...digits]), content]);
}
