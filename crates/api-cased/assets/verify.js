"use strict";

const $ = (id) => document.getElementById(id);

$("decide").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const state = $("state");
  state.className = "";
  state.textContent = "";
  const body = JSON.stringify({ user_code: $("code").value, decision: submit.submitter?.value ?? "allow" });
  const headers = { Authorization: `Bearer ${$("key").value.trim()}`, "Content-Type": "application/json" };
  try {
    const response = await fetch("/api/v1/cli/auth/decide", { method: "POST", headers, body });
    const answer = await response.json();
    state.textContent = answer.message ?? answer.user_code?.[0] ?? answer.detail;
    state.className = response.ok ? "" : "error";
    if (response.ok) $("key").value = "";
  } catch (error) {
    state.textContent = error.message;
    state.className = "error";
  }
});
