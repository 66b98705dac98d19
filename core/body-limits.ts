/** Limits of a request's body. */
export interface BodyLimits {
  /** Most bytes of a body, after decoding. */
  bodyBytes: number;
  /** Most levels of nesting in its JSON. */
  jsonDepth: number;
  /** Most values in its JSON, counted at every level; 200,000 by default. */
  jsonValues?: number;
  /** Path of the options that set these limits, named in errors: "limits". */
  options?: string;
}
