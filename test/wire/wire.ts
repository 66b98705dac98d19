/** The validator of what vr sends, for tests and for programs that drive vr from outside. */
export {
  EXCEPTIONS,
  expectValidError,
  expectValidEvent,
  expectValidItemList,
  expectValidResponse,
  expectValidStream,
} from "../../core/testing/wire/expect-valid.ts";
