/** The name of a struct's Go type, which errors about its fields say. */
export const typeName = Symbol('Go type')

export interface Named {
  readonly [typeName]: string
}

export const hasTypeName = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && typeName in value
