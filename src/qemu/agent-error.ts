/**
 * What can go wrong between solovirt and the agent in a guest. One class per reaction:
 *
 * AgentError
 * ├── AgentAbsentError    there is nobody to ask; another run of the guest, or an agent in it, may help
 * ├── AgentTimeoutError   no answer in time; the command may still take effect
 * ├── AgentClosedError    the agent or its guest went away while we waited
 * ├── AgentCommandError   the agent understood and said no
 * └── AgentProtocolError  what came is no answer of an agent; the connection is given up
 */

export class AgentError extends Error {
  override readonly name: string = 'AgentError';
}

export class AgentAbsentError extends AgentError {
  override readonly name = 'AgentAbsentError';
}

export class AgentTimeoutError extends AgentError {
  override readonly name = 'AgentTimeoutError';
}

export class AgentClosedError extends AgentError {
  override readonly name = 'AgentClosedError';
}

export class AgentProtocolError extends AgentError {
  override readonly name = 'AgentProtocolError';
}

export class AgentCommandError extends AgentError {
  override readonly name = 'AgentCommandError';

  /** @param words the agent's own, already cleaned */
  constructor(command: string, words: string) {
    super(`the guest agent refused ${command}: ${words}`);
  }
}
