import { Buffer } from "node:buffer";

/** Whole numbers from 0 to below. */
export type Random = (below: number) => number;

/** Lengths, counts and numbers that tend to break readers, as varints. */
const EXTREMES = [
  [0x00],
  [0x01],
  [0x7f],
  [0x80],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
];
const MOST_CHANGES = 4;

/** `message` after one to four random changes; `other` is a message that pieces may come from. */
export function mutate(message: Buffer, other: Buffer, random: Random): Buffer {
  let mutant: Buffer = Buffer.from(message);
  for (let changes = 1 + random(MOST_CHANGES); changes > 0; changes--) {
    mutant = CHANGES[random(CHANGES.length)](mutant, other, random);
  }
  return mutant;
}

type Change = (message: Buffer, other: Buffer, random: Random) => Buffer;

/** All of them take and give messages of any length, none at all included. */
const CHANGES: readonly Change[] = [
  function flipBit(message, _, random) {
    if (message.length > 0) message[random(message.length)] ^= 1 << random(8);
    return message;
  },
  function setByte(message, _, random) {
    if (message.length > 0) message[random(message.length)] = random(256);
    return message;
  },
  function insertBytes(message, _, random) {
    const bytes = Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256)));
    return splice(message, random(message.length + 1), 0, bytes);
  },
  function removeBytes(message, _, random) {
    return splice(message, random(message.length + 1), 1 + random(8), Buffer.alloc(0));
  },
  function cutOff(message, _, random) {
    return message.subarray(0, random(message.length + 1));
  },
  function appendBytes(message, other, random) {
    return Buffer.concat([message, other.subarray(random(other.length + 1))]);
  },
  function repeatPiece(message, _, random) {
    const from = random(message.length + 1);
    return splice(message, from, 0, message.subarray(from, from + 1 + random(32)));
  },
  function takePiece(message, other, random) {
    const at = random(Math.min(message.length, other.length) + 1);
    return Buffer.concat([message.subarray(0, at), other.subarray(at)]);
  },
  function setExtreme(message, _, random) {
    const extreme = Buffer.from(EXTREMES[random(EXTREMES.length)]);
    return splice(message, random(message.length + 1), random(3), extreme);
  },
  function setSchemaId(message, _, random) {
    if (message.length >= 5) message.writeInt32BE(random(8) > 0 ? random(256) : random(2 ** 32) | 0, 1);
    return message;
  },
];

function splice(message: Buffer, from: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([message.subarray(0, from), insert, message.subarray(from + remove)]);
}
