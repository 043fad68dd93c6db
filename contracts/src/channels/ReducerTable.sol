// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReducerTable} from "../interfaces/IReducerTable.sol";

/// One reducer there is.
contract ReducerTable is IReducerTable {
    bytes32 private constant RTB_IMPRESSION_1 = keccak256("rtb-impression/1");

    address private immutable rtbImpression1;

    constructor(address rtbImpression1_) {
        rtbImpression1 = rtbImpression1_;
    }

    /// @inheritdoc IReducerTable
    function reducerOf(string calldata reducer) external view returns (address) {
        if (keccak256(bytes(reducer)) != RTB_IMPRESSION_1) revert ReducerUnknown(reducer);
        return rtbImpression1;
    }
}
