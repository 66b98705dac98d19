/** A format of answers that a small model fills in a few tokens. */
export const person = {
  type: "json_schema",
  name: "person",
  strict: true,
  schema: {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 12 },
      age: { type: "integer", minimum: 0, maximum: 120 },
    },
    required: ["name", "age"],
    additionalProperties: false,
  },
} as const;
