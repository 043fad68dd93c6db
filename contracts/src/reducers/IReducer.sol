// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A reducer: what the records of one impression pay (wire-formats.md 7). A contract without state, so that a
/// dispute can run it for the one impression that is in doubt.
///
/// `roles` are the roles of the terms, 2 to 16 in participant order, with the payer first. `records` are a
/// group: 64 bytes each, one after the other, distinct ones of one impression, in the order of (kind, author,
/// recordHash).
interface IReducer {
    /// A parameter that the reducer does not know, or an encoding other than the one of abi.encode.
    error ReducerParameterRefused(string field, uint256 value);
    /// A share of the payer, of nobody, of one that has a share already, or beyond all of the price.
    error ShareRefused(uint256 participant, uint256 ppm);
    /// Without an auditor in the channel, audits cannot be asked for.
    error AuditorMissing();
    /// The field at fault of a record that is not well-formed, has the test flag or is of another
    /// impression.
    error RecordRefused(string field);
    /// More than 64 bits; no channel can open whose records reach that.
    error AmountsTooLarge(uint256 payerOwes);

    /// Returns if a channel may open with these parameters, reverts with the first refusal otherwise.
    function checkParameters(uint8[] calldata roles, bytes calldata parameters) external pure;

    /// What the payer owes each auditor for an impression of one seller at most.
    function auditorFeeNano(bytes calldata parameters) external pure returns (uint64);

    /// Whether `records` can be the records of a leaf: at least one, all well-formed, without the test flag,
    /// of one impression, strictly ascending, and such that keeping them again changes nothing.
    function isKept(uint8[] calldata roles, uint64 priceNanoMax, bytes calldata records)
        external
        pure
        returns (bool);

    /// Whether `extra` would be kept beside `records`, which are kept or none: so whether a tree lacks it.
    /// RecordRefused if it is not one well-formed record without the test flag of their impression.
    function wouldChange(
        uint8[] calldata roles,
        uint64 priceNanoMax,
        bytes calldata records,
        bytes calldata extra
    ) external pure returns (bool);

    /// Nano-units that each participant earns of a kept group; entry 0 is their sum, what the payer owes.
    function reduce(uint8[] calldata roles, bytes calldata parameters, bytes calldata records)
        external
        pure
        returns (uint64[] memory amounts);
}
