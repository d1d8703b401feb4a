/** The number of this process. */
export const THIS_PROCESS = Number(process.env.PROCESS);
