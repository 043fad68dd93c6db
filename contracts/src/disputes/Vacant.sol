// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Holds the place of Adjudicator or Panel in a deployment without disputes, so that whoever deployed it can put
/// nothing there later: it has no act, and nothing ever comes from it.
contract Vacant {}
