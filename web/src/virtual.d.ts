// What build/departments.ts makes, and styles, as modules.

declare module "virtual:departments" {
  const map: import("../build/departments.ts").DepartmentMap;
  export default map;
}

declare module "*.css";
