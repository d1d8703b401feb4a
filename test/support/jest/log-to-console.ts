import { ConsoleLogger } from '@nestjs/common';

// Nest's logger writes to the streams of the process, past Jest. Through the console, Jest keeps the lines with the test
// file that logged them, and prints them if the file fails.
interface Printer {
  options: { forceConsole?: boolean };
  printMessages(...parameters: unknown[]): void;
  printStackTrace(...parameters: unknown[]): void;
}

const prototype = ConsoleLogger.prototype as unknown as Printer;

for (const name of ['printMessages', 'printStackTrace'] as const) {
  const print = prototype[name];
  prototype[name] = function (this: Printer, ...parameters) {
    this.options.forceConsole = true;
    print.apply(this, parameters);
  };
}
