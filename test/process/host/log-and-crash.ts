/**
 * A program that logs one line in the format given as its argument and is killed at once.
 */
import { createLogger } from '../../../src/host/log.ts';

const format = process.argv[2] === 'pretty' ? 'pretty' : 'json';
createLogger({ level: 'info', format }).info({}, 'last words');
process.kill(process.pid, 'SIGKILL');
