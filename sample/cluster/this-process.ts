/** The process that runs, as the one that started it has named it. */
export const THIS_PROCESS = Number(process.env.PROCESS);
