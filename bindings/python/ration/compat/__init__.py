# SPDX-License-Identifier: MIT
"""Interfaces of what came before ration."""
