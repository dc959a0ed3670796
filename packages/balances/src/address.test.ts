import { c32address } from "c32check";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStacksAddress, parseBitcoinAddress } from "./address.ts";

const hash160 = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("hex"));

describe("isStacksAddress", () => {
  it("accepts every mainnet address, short ones too", () => {
    fc.assert(
      fc.property(hash160, fc.constantFrom(20, 22), (hash, version) => isStacksAddress(c32address(version, hash))),
    );
    expect(isStacksAddress("SP000000000000000000002Q6VF78")).toBe(true);
  });

  it("refuses testnet addresses and other versions", () => {
    fc.assert(
      fc.property(
        hash160,
        fc.constantFrom(0, 21, 26, 31),
        (hash, version) => !isStacksAddress(c32address(version, hash)),
      ),
    );
  });

  it("refuses an address with one character changed, lowered or mistaken for another", () => {
    fc.assert(
      fc.property(
        hash160,
        fc.nat(),
        fc.constantFrom(..."0123456789ABCDEFGHJKMNPQRSTVWXYZOILoil"),
        (hash, at, letter) => {
          const address = c32address(22, hash);
          const index = 2 + (at % (address.length - 2));
          const changed = address.slice(0, index) + letter + address.slice(index + 1);
          return changed === address || !isStacksAddress(changed);
        },
      ),
    );
    expect(isStacksAddress("SP3K3NCZ48H4VX4564AQ53FQECVSAOJ8R73YKH9ZY")).toBe(false); // the letter O, from a public list
  });

  it.each(["", "SP", "S", "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7.contract", "x".repeat(1_000_000), "__proto__"])(
    "refuses %.40j",
    (text) => expect(isStacksAddress(text)).toBe(false),
  );
});

describe("parseBitcoinAddress", () => {
  it.each([
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
  ])("accepts %s", (address) => expect(parseBitcoinAddress(address)).toBe(address));

  it("lowers a bech32 address in capitals, and refuses mixed case", () => {
    const address = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
    expect(parseBitcoinAddress(address.toUpperCase())).toBe(address);
    expect(parseBitcoinAddress(address.replace("q", "Q"))).toBeUndefined();
  });

  it.each([
    "",
    "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
    "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
  ])("refuses %j", (text) => expect(parseBitcoinAddress(text)).toBeUndefined());
});
