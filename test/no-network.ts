/**
 * The machine that runs the tests gets no bridge of ours: a container has a network only where a test asks for one, in a
 * network namespace of its own (network/net-host.ts). Imported by whatever starts tinyctr.
 */
process.env.TINYCTR_NETWORK = 'none'

/** The environment of a command that is to have only what its test gives. */
export const bareEnvironment = { PATH: process.env.PATH, TINYCTR_NETWORK: 'none' }
