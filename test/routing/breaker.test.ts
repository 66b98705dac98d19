import { beforeEach, describe, expect, it } from "vitest";
import { CircuitBreaker } from "../../core/routing/breaker.ts";

let time: number;
let changes: string[];
let breaker: CircuitBreaker;

const newBreaker = (failures = 3) =>
  new CircuitBreaker({
    failures,
    openMs: 1_000,
    now: () => time,
    changed: (state) => changes.push(state),
  });

/** A call that the circuit lets through. */
function enter(): number {
  const call = breaker.enter();
  if (call === undefined) throw new Error(`the circuit is ${breaker.state}: the call does not pass`);
  return call;
}

const fail = (times: number) => {
  for (let i = 0; i < times; i++) breaker.failed(enter());
};

beforeEach(() => {
  time = 0;
  changes = [];
  breaker = newBreaker();
});

describe("a closed circuit", () => {
  it("opens after so many failures in a row", () => {
    fail(2);
    expect(breaker.state).toBe("closed");
    fail(1);
    expect(breaker.state).toBe("open");
    expect(breaker.enter()).toBeUndefined();
    expect(breaker.retryInMs).toBe(1_000);
    expect(changes).toEqual(["open"]);
  });

  it("starts to count anew after a success", () => {
    fail(2);
    breaker.succeeded(enter());
    fail(2);
    expect(breaker.state).toBe("closed");
  });

  it("does not count calls whose client left, nor begins anew after them", () => {
    fail(2);
    breaker.left(enter());
    expect(breaker.state).toBe("closed");
    fail(1);
    expect(breaker.state).toBe("open");
  });

  it("does not start to count anew when a call is merely accepted: its answer may break off", () => {
    for (let i = 0; i < 3; i++) {
      const call = enter();
      breaker.accepted(call);
      breaker.failed(call);
    }
    expect(breaker.state).toBe("open");
  });

  it("never opens with 0 failures", () => {
    breaker = newBreaker(0);
    fail(100);
    expect(breaker.state).toBe("closed");
  });
});

describe("an open circuit", () => {
  beforeEach(() => fail(3));

  it("lets nothing through until its time is over", () => {
    time = 999;
    expect([breaker.state, breaker.passable, breaker.enter()]).toEqual(["open", false, undefined]);
    time = 1_000;
    expect([breaker.state, breaker.passable, breaker.retryInMs]).toEqual(["half_open", true, 0]);
  });

  it("then lets exactly one call through", () => {
    time = 1_000;
    enter();
    expect(breaker.state).toBe("half_open");
    expect(breaker.passable).toBe(false);
    expect(breaker.enter()).toBeUndefined();
    time = 100_000;
    expect(breaker.enter()).toBeUndefined();
  });

  it("does not listen to calls of before it opened", () => {
    breaker = newBreaker();
    const [early, other] = [enter(), enter()];
    fail(3);
    breaker.succeeded(early);
    expect(breaker.state).toBe("open");
    time = 999;
    breaker.failed(other);
    expect(breaker.retryInMs).toBe(1);
    time = 1_000;
    enter();
    breaker.failed(other);
    breaker.accepted(early);
    expect(breaker.state).toBe("half_open");
  });
});

describe("a trial", () => {
  let trial: number;
  beforeEach(() => {
    fail(3);
    time = 1_000;
    trial = enter();
    changes = [];
  });

  it.each(["accepted", "succeeded"] as const)("that is %s closes the circuit", (how) => {
    breaker[how](trial);
    expect(breaker.state).toBe("closed");
    expect(changes).toEqual(["closed"]);
    fail(2);
    expect(breaker.state).toBe("closed");
  });

  it("that fails opens it for as long again, without saying so", () => {
    time = 1_500;
    breaker.failed(trial);
    expect([breaker.state, breaker.retryInMs]).toEqual(["open", 1_000]);
    expect(changes).toEqual([]);
  });

  it("whose client leaves is made again by the next call", () => {
    breaker.left(trial);
    expect(breaker.state).toBe("half_open");
    const next = enter();
    expect(breaker.enter()).toBeUndefined();
    breaker.failed(trial);
    expect(breaker.state).toBe("half_open");
    breaker.succeeded(next);
    expect(breaker.state).toBe("closed");
  });

  it("that breaks off after it was accepted is one failure", () => {
    breaker.accepted(trial);
    breaker.failed(trial);
    fail(1);
    expect(breaker.state).toBe("closed");
    fail(1);
    expect(breaker.state).toBe("open");
  });
});
