// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The one fixed table of reducers that opening and Adjudicator share: a new reducer is a new deployment.
interface IReducerTable {
    error ReducerUnknown(string reducer);

    /// The contract of a reducer id such as `rtb-impression/1`; refuses with ReducerUnknown.
    function reducerOf(string calldata reducer) external view returns (address);
}
