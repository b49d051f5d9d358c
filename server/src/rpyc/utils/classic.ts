/*
 * The door's namespace `classic`: every name of rpyc/utils/classic.py in one place, and nothing else.
 */

export { connect, sslConnect, unixConnect } from './classicFactory';
