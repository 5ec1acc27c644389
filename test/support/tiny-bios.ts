/**
 * Guests of a few bytes: 64 KiB firmware images whose first instructions do one thing. No BIOS, no boot:
 * they act within milliseconds. Machine code for the 16-bit real mode that a PC starts in; ports as on q35.
 */

const SIZE = 64 * 1024;

const outByte = (port: number, value: number): number[] => [
  0xba,
  port & 0xff,
  port >> 8, // mov dx, port
  0xb0,
  value, // mov al, value
  0xee, // out dx, al
];
const outWord = (port: number, value: number): number[] => [
  0xba,
  port & 0xff,
  port >> 8, // mov dx, port
  0xb8,
  value & 0xff,
  value >> 8, // mov ax, value
  0xef, // out dx, ax
];
const outLong = (port: number, value: number): number[] => [
  0xba,
  port & 0xff,
  port >> 8, // mov dx, port
  0x66,
  0xb8,
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  (value >> 24) & 0xff, // mov eax, value
  0x66,
  0xef, // out dx, eax
];
/** Writes to the configuration space of q35's ISA bridge, 00:1f.0. */
const configureBridge = (register: number, value: number): number[] => [
  ...outLong(0xcf8, 0x8000f800 + register),
  ...outLong(0xcfc, value),
];
const HALT = [0xfa, 0xf4, 0xeb, 0xfc]; // cli; hlt; jmp back to cli

/** What a guest does when it starts to run. */
export const GUESTS = {
  /** Halts for ever. */
  idle: HALT,
  /** ACPI power-off: gives the power management ports their place (0x600), then SLP_EN for S5. */
  powerOff: [
    ...configureBridge(0x40, 0x601),
    ...configureBridge(0x44, 0x80),
    ...outWord(0x604, 0x2000),
    ...HALT,
  ],
  /** Reset through port 0xcf9. */
  reset: [...outByte(0xcf9, 0x06), ...HALT],
  /** An interrupt without an interrupt table. */
  tripleFault: [
    0x2e,
    0x0f,
    0x01,
    0x1e,
    0x00,
    0x40, // lidt cs:[0x4000], which holds zeros
    0xcc, // int3
  ],
  /** Makes QEMU exit with 2 * 5 + 1, given the device `isa-debug-exit` at port 0x501. */
  debugExit: outByte(0x501, 5),
  /** Reports a panic to the device `pvpanic` at port 0x505. */
  panic: [...outByte(0x505, 1), ...HALT],
  /** Writes `guest\n` to the first serial port for ever. */
  chatter: [...[...'guest\n'].flatMap((char) => outByte(0x3f8, char.charCodeAt(0))), 0xeb, 0xda],
} as const satisfies Record<string, readonly number[]>;

/** The firmware image of a guest: its program at F000:0000, and a jump there where the processor starts. */
export function firmware(guest: keyof typeof GUESTS): Buffer {
  const image = Buffer.alloc(SIZE);
  image.set(GUESTS[guest], 0);
  image.set([0xe9, 0x0d, 0x00], 0xfff0); // jmp 0xfff3 + 0x000d, that is 0x0000
  return image;
}
