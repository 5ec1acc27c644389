/**
 * What can go wrong between solovirt and one QMP monitor. One class per reaction, not per cause:
 *
 * QmpError
 * ├── QmpConnectError   nobody listens: QEMU is not up yet, or gone; look at the process
 * ├── QmpBusyError      somebody listens but does not talk: busy or hung, not dead; try again later
 * ├── QmpCommandError   QEMU understood and said no; asking again will not help
 * ├── QmpTimeoutError   no answer in time; the command may still take effect
 * ├── QmpClosedError    the connection ended while we waited; look at the process
 * └── QmpProtocolError  what came is not QMP; the connection is given up
 */

export class QmpError extends Error {
  override readonly name: string = 'QmpError';
}

export class QmpConnectError extends QmpError {
  override readonly name = 'QmpConnectError';
}

export class QmpBusyError extends QmpError {
  override readonly name = 'QmpBusyError';
}

export class QmpTimeoutError extends QmpError {
  override readonly name = 'QmpTimeoutError';
}

export class QmpClosedError extends QmpError {
  override readonly name = 'QmpClosedError';
}

export class QmpProtocolError extends QmpError {
  override readonly name = 'QmpProtocolError';
}

export class QmpCommandError extends QmpError {
  override readonly name = 'QmpCommandError';
  readonly command: string;
  /** QAPI's `QapiErrorClass`, e.g. `GenericError`, `CommandNotFound`, `DeviceNotFound`. */
  readonly errorClass: string;
  /** QEMU's own words; meant for people, never to be compared. */
  readonly desc: string;

  constructor(command: string, errorClass: string, desc: string) {
    super(`QEMU refused ${command}: ${desc} (${errorClass})`);
    this.command = command;
    this.errorClass = errorClass;
    this.desc = desc;
  }
}
