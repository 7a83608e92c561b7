/** Registration of a machine by its owner. */
import type { Metadata } from "next";
import { RegisterForm } from "../../../components/provider/register-form.tsx";

export const metadata: Metadata = { title: "Register a machine" };

export default function Page() {
  return <RegisterForm />;
}
