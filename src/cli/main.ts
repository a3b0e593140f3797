/** Where the CLI begins. */
process.exitCode = 2;
